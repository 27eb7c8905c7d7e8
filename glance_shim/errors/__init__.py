"""Everything that can go wrong, as one tree.

    Error
      Invalid            the request cannot be understood or breaks a rule of form
      Unauthorized       nobody known is asking
      Forbidden          known, but may not
      NotFound           not there, or not there for this caller
      Conflict           not possible in the state things are in
      Gone               was there when the request began
      TooLarge           a limit or quota would be exceeded
      Unsupported        a media type or content that is not taken
      LengthRequired     a body that comes in chunks, of somebody whom nobody knows
      RangeNotSatisfiable
      ExpectationFailed  a body that is held back, of somebody whom nobody knows
      RequestIdTooLong
      TooManyRequests    wait and try again
      Unavailable        a part this service needs does not answer
      ConfigurationError the service cannot start like this

Families decide the HTTP status (``api/errors.py`` holds that table); leaves
carry only a message, which says *why*: which limit, which role, which
project, which status. Raise a leaf where the fact is known and let it pass
everywhere else.
"""

from glance_shim.errors.bodies import *
from glance_shim.errors.families import *
from glance_shim.errors.fetching import *
from glance_shim.errors.identity import *
from glance_shim.errors.image_data import *
from glance_shim.errors.images import *
from glance_shim.errors.members import *
from glance_shim.errors.metadefs import *
from glance_shim.errors.properties import *
from glance_shim.errors.stores import *
from glance_shim.errors.tasks import *
