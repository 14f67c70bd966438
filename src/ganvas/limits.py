"""Limits on files from strangers, and why they are where they are. Nothing that Ganvas writes comes near them.

A limit is checked before memory is taken for what a file claims. SECURITY.md lists them.
"""

# JSON: config.json, facts.json, scores.json, lines of events.jsonl, the metadata of a model.
MAX_JSON_BYTES = 64 << 20  # of a file; a config.json of 20,000 classes with long names has 5 MB
MAX_JSON_DEPTH = 64  # of lists and objects in each other; ours have 6. Python cannot print or compare 1,000
MAX_DIGITS = 300  # of a whole number; more do not fit into a float

# Numbers of a config.json, and of the prescriptions in a facts.json: networks and batches are built by them.
MAX_SIDE = 16_384  # pixels; a generator of such pictures would need hundreds of gigabytes
MAX_WIDTH = 65_536  # channels or units of a stage, and numbers of a latent; the largest recipes have 1,024
MAX_STAGES = 64  # of a network; each halving or doubling is one, and residual blocks are few
MAX_PHASES = 10_000  # and prescriptions; a run of minutes has some 50, and as many again each time it is given more
MAX_BATCH = 1 << 20  # images; batches beyond some thousands teach no more
MAX_CLASSES = 1 << 20  # ImageNet-21k has 22,000
MAX_NUMBER = 1e18  # of anything else, seeds aside: what is larger does not fit into an index

MAX_LATENT_HEADER = 1 << 20  # bytes of a direction's file besides its numbers; ours have some hundred

# Pictures.
MAX_IMAGE_PIXELS = 178_956_970  # of a file; Pillow's own limit: half a gigabyte as RGB
MAX_MEMBER_BYTES = 1 << 30  # of a picture in an archive, which is unpacked in memory; larger ones may be zip bombs
MAX_TAR_HEADER = 1 << 16  # bytes of a long name, or of what else a tar says of a member; tars of ours have 1,000
MAX_SHARD_MEMBERS = 1 << 20  # of a shard, which are listed in memory; shards of ours have 50,000
MAX_SHARD_BYTES = 100 << 30  # of a shard that is fetched; 1 GB is usual, and a server may never come to an end
MAX_SHEET_SIDE = 16_383  # pixels of a sheet in a report: WebP's limit
MAX_SHEET_PIXELS = 80_000_000  # more than any sheet of ours has; a report holds up to 60 of them
MAX_NPY_HEADER = 1000  # characters; numpy writes 118, and parses it as Python's syntax

# The hub. What a repository lists is checked before anything is fetched.
MAX_HUB_FILES = 200_000
MAX_HUB_RUN_BYTES = 20 << 30  # of a run; a checkpoint of the largest recipes has 1 GB
MAX_HUB_PICTURES_BYTES = 500 << 30  # of a data set; larger ones are better read as shards
