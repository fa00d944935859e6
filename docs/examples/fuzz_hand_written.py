"""Fuzzes ``hand_written.py``. Run it with Python, or with pytest."""

from hand_written import SECRET, Shop, create_app

from relink.adapters.fuzzing import StripeServiceTest, Webhook
from relink.engine.fuzz import find_counterexample


class ShopTest(StripeServiceTest):
    """The shop agrees with relink: which accounts work, and how often it wrote."""

    secret = SECRET

    def start_service(self) -> None:
        """A shop that knows nothing yet."""
        self.shop = Shop()
        self.client = create_app(self.shop).test_client()

    def deliver(self, webhook: Webhook) -> None:
        """POST the webhook, as Stripe does."""
        path, headers = "/webhooks/stripe", webhook.headers
        answer = self.client.post(path, data=webhook.payload, headers=headers)
        assert answer.status_code == 200, answer.status

    def observe(self, account: str) -> dict[str, object]:
        """What the shop says of the account."""
        return {
            "works": self.shop.accounts[account]["works"],
            "prompts": self.shop.emails.count(account),
        }


TestShop = ShopTest.TestCase

if __name__ == "__main__":
    print(find_counterexample(ShopTest, max_examples=100, seed=5))
