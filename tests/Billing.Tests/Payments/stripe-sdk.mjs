// Stripe's official client for Node against the fake: creates and pays a session, then checks a webhook's signature.
import http from 'node:http';
import { createRequire } from 'node:module';
import { once } from 'node:events';

const require = createRequire(process.env.NODE_MODULES + '/');
const Stripe = require('stripe');
const base = new URL(process.env.STRIPE_BASE);
const stripe = new Stripe(process.env.STRIPE_KEY, { host: base.hostname, port: base.port, protocol: 'http', maxNetworkRetries: 0 });

const line = (amount) => [{ quantity: 1, price_data: { currency: 'usd', unit_amount: amount, product_data: { name: 'Credit' } } }];
const options = { mode: 'payment', success_url: 'http://127.0.0.1:9/ok', line_items: line(1234), metadata: { a: 'b' } };
const key = { idempotencyKey: `node-${process.pid}-${process.hrtime.bigint()}` };
const session = await stripe.checkout.sessions.create(options, key);
const replayed = await stripe.checkout.sessions.create(options, key);
if (session.id !== replayed.id) throw new Error('the same key gave another session');
let refused = '';
try {
  await stripe.checkout.sessions.create({ ...options, line_items: line(1) }, key);
} catch (error) {
  refused = error.rawType ?? error.type;
}

await fetch(session.url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ number: '4242424242424242' }) });
const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] });
const intent = await stripe.paymentIntents.retrieve(paid.payment_intent.id);
const events = await stripe.events.list({ type: 'checkout.session.completed', limit: 1 });

// The event as the fake signs it is not at hand here; the client signs the same body, and the fake's own signature is checked by
// Stripe.net.
const body = JSON.stringify(events.data[0]);
const header = stripe.webhooks.generateTestHeaderString({ payload: body, secret: process.env.WEBHOOK_SECRET });
const event = stripe.webhooks.constructEvent(body, header, process.env.WEBHOOK_SECRET);
console.log(paid.status, paid.payment_status, intent.status, event.type, refused);
