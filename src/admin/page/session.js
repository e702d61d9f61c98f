// The person at the page: what the daemon permits them to do, and the form to log in.
import { read, Refusal, send } from "/api.js";
import { el, find, update } from "/dom.js";
import { sentence } from "/words.js";

export const session = { may_read: false, may_act: false, name: "", read_token: false, act_token: false };

// Asks the daemon who this browser has logged in as.
export async function refresh(signal) {
	Object.assign(session, await read("/api/session", signal));
	const link = find("account");
	update(link.querySelector("span"), session.may_read ? session.name || "Reader" : "Log in");
}

const READ_SETTING = "admin { read_token_file = ... }";
const ACT_SETTING = "admin { act_token_file = ... }";

function how() {
	if (!session.read_token && !session.act_token)
		return el("p", "Events may contain personal data, so they are shown only after a login, and no token is set yet. Put a secret of at least 22 characters into a file with mode 0600, set ",
			el("code.command", READ_SETTING), " in the configuration, and run ", el("code.command", "bentospool reload"), ".");
	return el("p.quiet", session.act_token
		? "With the read token you can view events and errors. With the act token you can also requeue, hold, release and discard events; each change is recorded with your name."
		: el("span", "With the token you can view events and errors. To change events here, set ", el("code.command", ACT_SETTING), ", too."));
}

// The form; done() is called after a login.
function form(done) {
	const said = el("p.bad", { role: "alert" });
	const submit = async (event) => {
		event.preventDefault();
		const button = event.target.querySelector("button");
		button.disabled = true;
		update(said);
		try {
			const { token, name } = Object.fromEntries(new FormData(event.target));
			await send("/api/login", name.trim() === "" ? { token } : { token, name: name.trim() });
			await refresh();
			done();
		} catch (e) {
			update(said, sentence(e.message));
		}
		button.disabled = false;
	};
	return el("form.stack", { onsubmit: submit, id: "login" },
		el("label", "Token", el("input", { name: "token", type: "password", autocomplete: "current-password", required: true, spellcheck: "false" })),
		session.act_token ? el("label", "Your name", el("input", { name: "name", maxlength: "40", autocomplete: "name" }), el("span.hint", "Needed with the act token: your changes are recorded with it.")) : el("input", { name: "name", type: "hidden" }),
		said,
		el("div.buttons", el("button.main", "Log in")));
}

async function leave(done) {
	await send("/api/logout", {});
	await refresh();
	done();
}

function loggedIn(done) {
	return [el("p", session.name === "" ? "You can view events." : ["You are logged in as ", el("b", session.name), session.may_act ? ". You can view and change events." : ". You can view events."]),
		session.may_act ? null : el("p.quiet", session.act_token ? "To change events, log out, then log in with the act token." : el("span", "To change events here, set ", el("code.command", ACT_SETTING), " in the configuration.")),
		el("div.buttons", el("button", { type: "button", onclick: () => leave(done) }, "Log out"))];
}

// What a screen shows instead of its data.
export function gate(done) {
	const can = session.read_token || session.act_token;
	return el("section.card.narrow", el("h2", can ? "Log in" : "No token is set"), how(), can ? form(done) : null);
}

// A line that says how to get the buttons that change events; null when they are shown.
export function howToAct() {
	if (session.may_act)
		return null;
	return el("p.quiet.small.how", session.act_token ? [el("a", { href: "#/login" }, "Log in with the act token"), " to change events here."]
		: ["To change events here, set ", el("code.command", ACT_SETTING), "."]);
}

// Shows why a screen has no data: the login form, because the session may have ended, or the daemon's message.
export async function explain(e, root, { signal, again }, ...more) {
	if (signal.aborted)
		return;
	if (!(e instanceof Refusal))
		throw e;
	if (e.status !== 401 && e.status !== 403) {
		update(root, el("p.notice.bad", { role: "alert" }, sentence(e.message)), more);
		return;
	}
	await refresh(signal).catch(() => {});
	if (root.querySelector("#login") === null)
		update(root, gate(again));
}

export const login = {
	title: "Login",
	open(root, { again }) {
		if (session.may_read)
			update(root, el("section.card.narrow", loggedIn(again)));
		else
			update(root, gate(() => {
				location.hash = "#/";
			}));
		return {};
	},
};
