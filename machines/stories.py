"""Stories: what each machine's states and moves are called for people.

Pictures, and whoever tells an account's history, take these words. They are for a reader who knows
payments and not relink: what the state is, and what the service should do while it lasts. Moves are
told as what happens in the world, and not by the names of events. Only the moves that matter have
words; pictures of all moves take the rest from the tables.

Every story is checked against its table: its usual way is a path of it, and each move exists.
"""

from relink.engine.story import Plain, Story, Tone, Words

ACCOUNT = Story(
    title="A linked bank account",
    states={
        "active": Plain("Linked", "Charge it.", Tone.GOOD),
        "inactive_relinkable": Plain(
            "Needs the customer", "Don't charge it. Ask the customer to relink.", Tone.ALERT
        ),
        "relinking": Plain("At the bank", "The customer is relinking it: wait.", Tone.WAITING),
        "relinked": Plain("Repaired", "Wait until Stripe confirms it.", Tone.WAITING),
        "new_account_linked": Plain(
            "Replaced", "Use the new account. It needs a mandate.", Tone.MOVED_ON
        ),
        "inactive_unrepairable": Plain(
            "Can't be repaired", "Don't charge it. Ask for another way to pay.", Tone.STOPPED
        ),
        "disconnected": Plain("Disconnected", "Ask for another way to pay.", Tone.STOPPED),
    },
    usual=("active", "inactive_relinkable", "relinking", "relinked", "active"),
    words=(
        Words(
            "active",
            "inactive_relinkable",
            "It stops working, and the customer can repair it: consent expired, password changed.",
        ),
        Words("inactive_relinkable", "relinking", "A relink session opens for the customer."),
        Words("relinking", "relinked", "The session says that it is repaired."),
        Words("relinked", "active", "Stripe reports it active."),
        Words(
            "relinking",
            "inactive_relinkable",
            "Wrong account: ask again, and then any account will do. Failed, cancelled or left: "
            "ask again.",
        ),
        Words("relinking", "active", "Stripe reports it active before the session ends."),
        Words("relinking", "new_account_linked", "The customer links a new account instead."),
        Words(
            "active", "inactive_unrepairable", "It stops working for good: the account is closed."
        ),
        Words("inactive_relinkable", "inactive_unrepairable", "The account is closed meanwhile."),
        Words("inactive_unrepairable", "active", "It works after all."),
        Words(None, "disconnected", "Stripe reports it disconnected. That is final."),
    ),
    note=(
        "An account whose end is announced can be relinked ahead of time. It is at the bank then, "
        "and still chargeable. An account that was never reported starts at Can't be repaired."
    ),
)

AUTHORIZATION = Story(
    title="An authorization: one login at a bank",
    states={
        "active": Plain("Works", "Nothing to do.", Tone.GOOD),
        "inactive_relinkable": Plain(
            "Needs the customer", "Its accounts ask for a relink.", Tone.ALERT
        ),
        "relinking": Plain("At the bank", "An account of it is being relinked.", Tone.WAITING),
        "relinked": Plain("Repaired", "Wait until Stripe confirms it.", Tone.WAITING),
        "inactive_unrepairable": Plain(
            "Can't be repaired", "Its accounts need another way to pay.", Tone.STOPPED
        ),
        "disconnected": Plain("Disconnected", "It is gone for good.", Tone.STOPPED),
    },
    usual=("active", "inactive_relinkable", "relinking", "relinked", "active"),
    words=(
        Words("active", "inactive_relinkable", "A read finds it inactive: consent expired."),
        Words("inactive_relinkable", "relinking", "A session opens for one of its accounts."),
        Words("relinking", "relinked", "The session says that it is repaired."),
        Words("relinked", "active", "A read finds it active. Its other accounts are read too."),
        Words("relinking", "inactive_relinkable", "The session ends without a repair."),
        Words("relinking", "active", "A read finds it active first."),
        Words("active", "inactive_unrepairable", "A read finds that nobody can repair it."),
        Words("inactive_relinkable", "inactive_unrepairable", "Nobody can repair it any more."),
        Words("inactive_unrepairable", "active", "It works after all."),
        Words(None, "disconnected", "Stripe reports it disconnected. That is final."),
    ),
)

SESSION = Story(
    title="A relink session",
    states={
        "open": Plain("Open", "The customer is at the bank: wait.", Tone.WAITING),
        "succeeded": Plain("Succeeded", "An account is linked: the same or another.", Tone.GOOD),
        "failed": Plain("Failed", "Ask the customer again.", Tone.ALERT),
        "cancelled": Plain("Cancelled", "Ask the customer again.", Tone.ALERT),
        "abandoned": Plain("Abandoned", "Ask the customer again.", Tone.STOPPED),
        "superseded": Plain("Superseded", "Follow the newer session.", Tone.MOVED_ON),
    },
    usual=("open", "succeeded"),
    words=(
        Words("open", "succeeded", "The customer links an account."),
        Words(
            "open", "failed", "Stripe says why, such as a wrong account; or it is someone else's."
        ),
        Words("open", "cancelled", "The customer closes it."),
        Words("open", "abandoned", "Its time is up, and a last read finds it unfinished."),
        Words("open", "superseded", "A newer session opens for the account."),
        Words("failed", "succeeded", "It succeeds late."),
        Words("cancelled", "succeeded", "It succeeds late."),
        Words("abandoned", "succeeded", "It succeeds late."),
        Words("superseded", "succeeded", "It succeeds late."),
    ),
    note="Stripe cannot end a session, so the customer can still finish one that is over.",
)

ACCOUNT_NUMBER = Story(
    title="The number that payments go to",
    states={
        "transactable": Plain("Can pay", "Nothing to do.", Tone.GOOD),
        "expiring": Plain("Expires soon", "Ask the customer to relink in time.", Tone.ALERT),
        "lapsed": Plain("Lapsed", "Don't charge. Ask the customer to relink.", Tone.ALERT),
        "refreshing": Plain("At the bank", "The customer is relinking: wait.", Tone.WAITING),
        "pending": Plain("On its way", "Wait for the new number.", Tone.WAITING),
    },
    usual=("transactable", "expiring", "refreshing", "transactable"),
    words=(
        Words("transactable", "expiring", "The bank says when it stops paying."),
        Words("expiring", "refreshing", "A relink session opens."),
        Words("refreshing", "transactable", "The relink brings a number that can pay."),
        Words("expiring", "lapsed", "Its day has passed, and nobody relinked."),
        Words(
            "transactable", "lapsed", "It is deactivated, or a payment method is blocked for it."
        ),
        Words("lapsed", "refreshing", "A relink session opens."),
        Words("refreshing", "lapsed", "The session ends without a new number."),
        Words("refreshing", "pending", "Relinked; the new number is still to come."),
        Words("pending", "transactable", "Stripe lists the new number."),
    ),
)

PAYMENT_METHOD = Story(
    title="A payment method",
    states={
        "ready": Plain("Ready", "Charge it.", Tone.GOOD),
        "mandate_needed": Plain(
            "Needs a mandate", "Ask the customer to authorize debits.", Tone.ALERT
        ),
        "blocked": Plain("Blocked", "Don't charge it.", Tone.ALERT),
        "gone": Plain("Gone", "Ask for another way to pay.", Tone.STOPPED),
    },
    usual=("ready", "mandate_needed", "ready"),
    words=(
        Words("ready", "mandate_needed", "It was just built, or its mandate has ended."),
        Words("mandate_needed", "ready", "The customer authorizes debits."),
        Words("ready", "blocked", "Stripe blocks it."),
        Words("blocked", "ready", "Stripe lifts the block."),
        Words("mandate_needed", "blocked", "Stripe blocks it."),
        Words("blocked", "mandate_needed", "The block is lifted, and a mandate is still due."),
        Words(None, "gone", "It is detached or deleted. That is final."),
    ),
)

OUTAGE = Story(
    title="An outage: when is the customer written to?",
    states={
        "none": Plain("No outage", "Nobody needs a relink.", Tone.GOOD),
        "waiting": Plain("Message waits", "It goes out when Stripe has answered.", Tone.WAITING),
        "prompted": Plain("Customer asked", "A reminder follows.", Tone.ALERT),
        "quiet": Plain("No more reminders", "Wait for the customer.", Tone.STOPPED),
    },
    usual=("none", "waiting", "prompted", "quiet", "none"),
    words=(
        Words("none", "waiting", "An account needs a relink."),
        Words("waiting", "prompted", "The message goes out."),
        Words("prompted", "quiet", "The last reminder is sent."),
        Words("quiet", "none", "No account needs a relink any more."),
        Words("prompted", "none", "No account needs a relink any more."),
        Words("waiting", "none", "The need is over before the message goes out."),
        Words("prompted", "waiting", "Another account needs a relink, or a reminder is due."),
    ),
)

READ = Story(
    title="A read: is Stripe being asked?",
    states={
        "idle": Plain("Nothing to ask", "", Tone.GOOD),
        "due": Plain("Stripe is being asked", "Messages that depend on it wait.", Tone.WAITING),
    },
    usual=("idle", "due", "idle"),
    words=(
        Words("idle", "due", "Somebody wants to know what Stripe says."),
        Words("due", "idle", "Stripe answers, and nobody asked since; or the read fails for good."),
    ),
)

HOLDER = Story(
    title="A customer: may a message go out now?",
    states={
        "clear": Plain("Clear", "Messages may go out.", Tone.GOOD),
        "awaiting": Plain("Reads are due", "Messages wait, for ten minutes at most.", Tone.WAITING),
    },
    usual=("clear", "awaiting", "clear"),
    words=(
        Words("clear", "awaiting", "A read of one of the customer's accounts is due."),
        Words("awaiting", "clear", "Stripe has answered the last one."),
    ),
)

BUILD = Story(
    title="A payment method is built on a new account",
    states={
        "none": Plain("Not asked for", "", Tone.NEUTRAL),
        "creating": Plain("Being built", "Wait for Stripe.", Tone.WAITING),
        "name_needed": Plain("Needs a name", "Provide the billing name.", Tone.ALERT),
        "built": Plain("Built", "Use it. A mandate may be needed.", Tone.GOOD),
        "refused": Plain("Can't be built", "Ask for another way to pay.", Tone.STOPPED),
    },
    usual=("none", "creating", "built"),
    words=(
        Words("none", "creating", "The customer linked a new account."),
        Words("creating", "built", "Stripe has made it."),
        Words("creating", "name_needed", "The account has no billing name."),
        Words("name_needed", "creating", "The service provides the name."),
        Words("none", "refused", "The account can't be charged, or lacks a permission."),
        Words("creating", "refused", "Stripe refuses it for good."),
        Words("name_needed", "refused", "The account can't be charged any more."),
    ),
)
