"""Reading queries, one file a subject. Called inside ``Store.read`` or a unit of work; answer frozen dataclasses."""
