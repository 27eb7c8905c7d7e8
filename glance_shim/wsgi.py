"""The WSGI application for servers that want one by name (``glance_shim.wsgi:application``).

Options come from the file named by ``GLANCE_SHIM_CONFIG_FILE``, or from
``/etc/glance-shim/glance-shim.conf``.
"""

from glance_shim import config, deployment, logs
from glance_shim.app import create_app
from glance_shim.core import marks
from glance_shim.db import schema
from glance_shim.doctor import writable

_files = config.default_files()
_deployment = deployment.build(config.load(_files))
logs.set_up(_deployment.config.debug)
writable.require_closed(_deployment, _files)
schema.check(_deployment.database)
marks.claim_at_start(_deployment)
application = create_app(_deployment)
