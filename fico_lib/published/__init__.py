"""The tables that the papers published, typed from their text: to be shown beside ours."""
