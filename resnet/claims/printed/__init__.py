"""What the papers and their reproductions print, as data. `resnet.claims.paper` looks it up."""
