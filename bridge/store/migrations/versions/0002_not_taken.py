"""Links remember which fields a record had to go without.

Revision 0002."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("links", sa.Column("not_taken", sa.Text(), nullable=True))
