"""ImageNet: photographs on disk, decoded and cropped by threads, batch after batch.

listing   the files of a data folder, found and checked       index      kept between calls
decode    JPEG to pixels, by the fastest decoder here         crops      where to cut
draws     which image, which crop: by counter                 colour     on the device, by batch
loader    batches ahead of the net, in order                  pipeline   what a run trains on
protocols one crop, ten crops, many scales                    photographs  the drawn stand-in
"""
