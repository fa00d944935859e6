"""The doctor: tries every setting of a service, and says what is wrong and how to mend it.

It changes nothing, at Stripe or in the database, and shows no value that may be a secret.
"""

from .examine import examine
from .finding import Finding

__all__ = ["Finding", "examine"]
