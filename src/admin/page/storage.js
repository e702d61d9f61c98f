// The storage answers: is there room, and how large has the database become?
import { el, facts, update } from "/dom.js";
import { explain } from "/session.js";
import { bytes } from "/words.js";

function draw(root, { storage }) {
	update(root,
		el("p.lead", storage.ok ? "New events are committed to the disk." : `New events are refused: ${storage.trouble}`),
		el("section.card", { "aria-labelledby": "files-title" },
			el("h2", { id: "files-title" }, "Files"),
			facts([
				["Database", bytes(storage.database_bytes)],
				["Write-ahead log", bytes(storage.wal_bytes)],
				["Free on the disk", bytes(storage.free_bytes)],
				["New events are refused below", bytes(storage.min_free_bytes)],
			])));
}

export const storage = {
	title: "Storage",
	open(root, context) {
		const saw = (seen) => draw(root, seen);
		const refused = (e) => explain(e, root, context);
		if (context.seen() !== null)
			saw(context.seen());
		else if (context.refused() !== null)
			refused(context.refused());
		return { saw, refused };
	},
};
