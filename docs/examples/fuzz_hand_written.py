"""Fuzzes ``hand_written.py``: ``python fuzz_hand_written.py``, or pytest."""

from hand_written import SECRET, Shop, create_app

from relink.adapters.fuzzing import StripeServiceTest, Webhook
from relink.engine.fuzz import find_counterexample


class ShopTest(StripeServiceTest):
    """The shop must agree with relink: which accounts work, and how often it wrote."""

    secret = SECRET

    def start_service(self) -> None:
        """A shop that knows nothing yet."""
        self.shop = Shop()
        self.client = create_app(self.shop).test_client()

    def deliver(self, webhook: Webhook) -> None:
        """POST a webhook, as Stripe does."""
        answer = self.client.post("/webhooks/stripe", data=webhook.payload, headers=webhook.headers)
        assert answer.status_code == 200, answer.status

    def observe(self, account: str) -> dict[str, object]:
        """What the shop says of an account."""
        known = self.shop.accounts[account]
        return {
            "works": known["status"] == "active",
            "prompts": self.shop.emails.count(account),
        }


TestShop = ShopTest.TestCase

if __name__ == "__main__":
    print(find_counterexample(ShopTest, max_examples=200, seed=1) or "No counterexample found.")
