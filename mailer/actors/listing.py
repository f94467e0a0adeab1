"""Names for the list on a petition's page: of confirmed signers who asked to be shown there, and of nobody else."""

from sqlalchemy import select, update

from mailer.actors.runtime import Runtime
from petitions.db import db, is_state
from petitions.models import Petition, Signature

BATCH = 500


def write_public_names(runtime: Runtime) -> int:
    """Opens the names of those confirmed signers who asked to be listed on the page."""
    with db.writing() as session:
        rows = session.execute(
            select(
                Signature.id,
                Signature.public_id,
                Signature.name_key_id,
                Signature.name_box,
                Signature.country,
                Petition.count_only_countries,
            )
            .join(Petition, Signature.petition_id == Petition.id)
            .where(
                is_state(Signature.state, Signature.State.CONFIRMED),
                Signature.wants_listing,
                Signature.public_name.is_(None),
                Signature.name_box.is_not(None),
                ~Petition.forbids_naming,
            )
            .limit(BATCH)
        ).all()
        if not rows:
            return 0
        runtime.learn_keys(session, {row.name_key_id for row in rows if row.name_key_id})
        for row, record, key, box, country, count_only in rows:
            if key is None or box is None or (count_only and country in {"", *count_only}):
                continue
            name = runtime.unsealer.fields("name", record, key, box)[0]
            session.execute(
                update(Signature)
                .where(
                    Signature.id == row,
                    Signature.wants_listing,
                    Signature.state == Signature.State.CONFIRMED,
                    Signature.name_box.is_not(None),
                )
                .values(public_name=name)
                .execution_options(synchronize_session=False)
            )
        session.commit()
    return len(rows)
