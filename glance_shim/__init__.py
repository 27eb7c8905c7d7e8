"""An image service that speaks OpenStack's Image API v2.

The layers, from the edge inwards; each imports only what stands below it
(``tests/test_imports.py`` keeps it so):

``app``, ``wsgi``, ``cli``
    put the parts together and start them
``api``
    HTTP in and out: the Image API v2 and the Identity API v3
``deployment``
    builds database, stores, policy and identity from the configuration, once
``core``
    what the service does; knows no HTTP, no SQL and no files
``policy``, ``db``, ``stores``
    who may do what and who sees what; every line of SQL; bytes
``context``, ``config``, ``errors``, ``clock``
    who asks, every option, everything that can go wrong, and the time

The words are the field's own. *Image* and *image data* are the record and its
bytes; an image has an *owner*, which is a *project*; a *member* is a project
an image is offered to; a *store* keeps bytes and a *location* is one place an
image's bytes are at; a *context* is who is asking, a *rule* a line of policy
and a *target* the facts that a rule looks at.
"""

__version__ = "0.1.0"
