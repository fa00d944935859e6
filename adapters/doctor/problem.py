"""Everything that the doctor can find wrong, declared once: what it says, and the cure.

Settings that are invalid and errors of the database come from elsewhere, with texts of their own.
The runbook lists these.
"""

from enum import Enum

from .finding import Finding

RANDOM = "Set a long random text, such as the output of: openssl rand -hex 32"


class Problem(Enum):
    """A kind of problem: what was tried, what was found, and how to mend it."""

    KEY_NOT_SET = (
        "STRIPE_API_KEY",
        "is not set",
        "Set it to a secret or restricted key of Stripe's",
    )
    KEY_REFUSED = (
        "Stripe",
        "does not accept the key",
        "Copy STRIPE_API_KEY again from Stripe's dashboard; it may have been rolled or expired",
    )
    NOT_STRIPE = ("Stripe", "is not what answered", "Check the proxy between, and STRIPE_API_BASE")
    NO_ANSWER = (
        "Stripe",
        "does not answer: {error}",
        "Try again later. If it stays so, check the network, a proxy and STRIPE_API_BASE",
    )
    CLOCK = (
        "clock",
        "differs from Stripe's by {seconds:,.0f} seconds",
        "Synchronize this machine's clock: webhooks are refused when they seem old",
    )
    NOT_ACTIVATED = (
        "API version",
        "was not tried: Stripe refuses to list accounts in any version",
        "Activate Financial Connections in Stripe's dashboard",
    )
    VERSION_NOT_OPEN = (
        "API version",
        "{version} is not open to this Stripe account",
        "Ask Stripe for access to relinking in Financial Connections, a preview",
    )
    NOT_ALLOWED = (
        "key {access}s {resource}",
        "is not allowed",
        "Give the restricted key {access} access to {resource} at Stripe",
    )
    NOT_TRIED = ("key {access}s {resource}", "could not be tried: {error}", "Try again later")
    WEBHOOK_SECRET_NOT_SET = (
        "STRIPE_WEBHOOK_SECRET",
        "is not set",
        "Set it to the signing secret of the endpoint at Stripe (whsec_…)",
    )
    MANY_WEBHOOK_SECRETS = (
        "STRIPE_WEBHOOK_SECRET",
        "has {count} secrets",
        "Stripe signs with two at most, during a rotation. Remove those that expired",
    )
    SECRET_NOT_SET = ("{name}", "is not set: {without}", RANDOM)
    SECRET_TOO_SHORT = ("{name}", "is shorter than {shortest} characters", RANDOM)
    NO_TLS = (
        "RELINK_NOTIFY_URL",
        "is a URL without TLS on another machine",
        "Use an https URL",
    )
    MISTYPED = ("{name}", "is no setting", "Did you mean {meant}?")
    SCHEMA_BEHIND = ("database", "{detail}", "Run relink migrate")
    SCHEMA_AHEAD = (
        "database",
        "its schema is of a newer release",
        "Upgrade relink, or restore a backup from before the newer release",
    )
    SCHEMA_FOREIGN = ("database", "{detail}", "{cure}")
    UNREADABLE_RECORD = (
        "stored records",
        "{table} {key} cannot be read: {error}",
        "Do not start this release with this database. Declare what the error names, or report it",
    )
    UNREADABLE_RECORDS = (
        "stored records",
        "{more:,} more cannot be read",
        "See the records listed above",
    )
    DATABASE_UNAVAILABLE = (
        "database",
        "{detail}",
        "{cure} relink status shows the database's own message",
    )
    DATABASE_FAILS = ("database", "fails ({error})", "Report it: this is a defect")

    def found(self, **values: object) -> Finding:
        """The finding of this problem.

        Args:
            values: for the places in its texts. None may be secret.
        """
        subject, detail, cure = (text.format(**values) for text in self.value)
        return Finding(subject, detail, cure)
