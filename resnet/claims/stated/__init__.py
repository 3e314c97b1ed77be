"""The papers' sentences as claims, a module a family. `resnet.claims.registry` gathers them."""
