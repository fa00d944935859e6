"""A plain endpoint as people write it: FastAPI, Stripe's SDK, and one row by SQLAlchemy's ORM.

It knows an event that comes again, and that is all it does.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any

import stripe
from fastapi import FastAPI, Header, Request
from sqlalchemy import JSON, Engine, String, create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.concurrency import run_in_threadpool

from ..webhooks import SECRET


class Base(DeclarativeBase):
    """The tables."""


class StripeEvent(Base):
    """An event that was received."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(255))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


def made(url: str) -> tuple[Any, dict[str, Any], Callable[[], None]]:
    """The application, uvicorn's options, and what closes it."""
    engine = _engine(url)
    Base.metadata.create_all(engine)
    app = FastAPI()

    def keep(payload: bytes, signature: str) -> str:
        found = stripe.Webhook.construct_event(payload, signature, SECRET, tolerance=3600)
        body = json.loads(payload)
        try:
            with Session(engine) as session, session.begin():
                session.add(StripeEvent(id=found.id, type=found.type, body=body))
        except IntegrityError:
            return "duplicate"
        return "applied"

    @app.post("/webhooks/stripe")
    async def receive(
        request: Request, stripe_signature: Annotated[str, Header()]
    ) -> dict[str, str]:
        payload = await request.body()
        return {"outcome": await run_in_threadpool(keep, payload, stripe_signature)}

    return app, {}, engine.dispose


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=16)
    # One connection: more would only wait for each other, and more slowly.
    engine = create_engine(url, pool_size=1, max_overflow=0)

    @event.listens_for(engine, "connect")
    def durable(connection: Any, record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine
