// Calls each function of Bento's real client for events and subscribers once.
// Usage: node bento.mjs SDK-DIRECTORY BASE-URL SITE-UUID PUBLISHABLE-KEY SECRET-KEY LABEL
// Prints one line for each call: its name and its result, or the name of the error that it threw.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, baseUrl, siteUuid, publishableKey, secretKey, label] = process.argv.slice(2)
const require = createRequire(`${folder}/package.json`)
const { Analytics } = await import(pathToFileURL(require.resolve('@bentonow/bento-node-sdk')).href)

const bento = new Analytics({
	authentication: { publishableKey, secretKey }, siteUuid, clientOptions: { baseUrl },
}).V1
const email = `${label}@example.com`
const purchase = {
	unique: { key: `order-${label}` }, value: { currency: 'USD', amount: 1999 },
	cart: { items: [{ product_sku: 's-1', product_name: 'Socks é', quantity: 2 }] },
}
const date = new Date('2026-08-01T12:34:56.789Z')

const calls = {
	track: () => bento.track({ email, type: 'Opened Door', details: { n: 1.5, deep: [{}] }, date }),
	trackPurchase: () => bento.trackPurchase({ email, purchaseDetails: purchase }),
	tagSubscriber: () => bento.tagSubscriber({ email, tagName: 'vip' }),
	addSubscriber: () => bento.addSubscriber({ email, fields: { first_name: 'Ann' } }),
	updateFields: () => bento.updateFields({ email, fields: { plan: 'free' } }),
	removeSubscriber: () => bento.removeSubscriber({ email }),
	importEvents: () => bento.Batch.importEvents({ events: [
		{ email, type: 'One' }, { email: 'none', type: 'Two' }, { email, type: 'Three' }] }),
	importSubscribers: () => bento.Batch.importSubscribers({ subscribers: [
		{ email, first_name: 'Ann', tags: 'a,b' }, { email: `other-${email}` }] }),
}

for (const [name, call] of Object.entries(calls)) {
	try {
		console.log(name, JSON.stringify(await call()))
	} catch (error) {
		console.log(name, error.constructor.name, error.message)
	}
}
