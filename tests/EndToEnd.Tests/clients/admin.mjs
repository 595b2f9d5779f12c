// Calls every built method of the official npm client's admin API and prints what it saw as one JSON object; the C# tests judge it.
// TOLLGATE_API  base address with /v1     TOLLGATE_ADMIN_KEY  an admin key     TOLLGATE_KEY  an API key of the same organization
// TOLLGATE_EMAIL  address of an owner
import OpenAI from 'openai';

const { TOLLGATE_API: baseURL, TOLLGATE_ADMIN_KEY: adminAPIKey, TOLLGATE_KEY: apiKey, TOLLGATE_EMAIL: email } = process.env;
const client = new OpenAI({ baseURL, adminAPIKey, apiKey, maxRetries: 0 });
const organization = client.admin.organization;
const { projects, usage } = organization;

/** What the client throws, in plain members. */
async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

async function all(pages) {
  const items = [];
  for await (const item of pages) {
    items.push(item);
  }
  return items;
}

const seen = {};
const unique = `${Date.now().toString(36)}`;

// Something to count first.
await client.chat.completions.create({
  model: 'tiny-assistant', messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 4,
});

// Projects.
const project = await projects.create({ name: `admin-${unique}` });
const scope = { project_id: project.id };
seen.project = project;
seen.shown = await projects.retrieve(project.id);
seen.renamed = await projects.update(project.id, { name: `renamed-${unique}` });
seen.projects = (await all(projects.list({ limit: 1 }))).map((one) => one.id);

// Members, invitations, roles.
const users = await all(organization.users.list({ limit: 1 }));
const me = users.find((user) => user.email === email);
seen.me = await organization.users.retrieve(me.id);
seen.unchanged = await organization.users.update(me.id, { role: 'owner' });
seen.lastOwner = await failure(() => organization.users.update(me.id, { role: 'reader' }));
seen.removal = await failure(() => organization.users.delete(me.id));
seen.userRoles = await all(organization.users.roles.list(me.id));
seen.userRole = await organization.users.roles.retrieve('role_owner', { user_id: me.id });
seen.givenRole = await organization.users.roles.create(me.id, { role_id: 'role_owner' });
seen.takenRole = await organization.users.roles.delete('role_reader', { user_id: me.id });
const role = await organization.roles.create({ role_name: `role-${unique}`, permissions: ['usage.read'] });
seen.role = await organization.roles.retrieve(role.id);
seen.changedRole = await organization.roles.update(role.id, { permissions: ['usage.read', 'billing.read'] });
seen.roles = (await all(organization.roles.list({ limit: 2 }))).map((one) => one.id);
seen.deletedRole = await organization.roles.delete(role.id);
const invite = await organization.invites.create({
  email: `${unique}@example.com`, role: 'reader', projects: [{ id: project.id, role: 'member' }],
});
seen.invite = await organization.invites.retrieve(invite.id);
seen.invites = (await all(organization.invites.list({ limit: 1 }))).map((one) => one.id);
seen.deletedInvite = await organization.invites.delete(invite.id);

// Who may use the project.
seen.projectUser = await projects.users.create(project.id, { user_id: me.id, role: 'owner' });
seen.projectUserShown = await projects.users.retrieve(me.id, scope);
seen.projectUserKept = await projects.users.update(me.id, { ...scope, role: 'owner' });
seen.projectUsers = await all(projects.users.list(project.id));
seen.projectUserRemoved = await projects.users.delete(me.id, scope);

// Service accounts and keys.
const account = await projects.serviceAccounts.create(project.id, { name: 'ci' });
seen.account = account;
seen.accountShown = await projects.serviceAccounts.retrieve(account.id, scope);
seen.accountRenamed = await projects.serviceAccounts.update(account.id, { ...scope, name: 'robot' });
seen.accounts = await all(projects.serviceAccounts.list(project.id));
const second = await projects.serviceAccounts.apiKeys.create(account.id, { ...scope, name: 'second', scopes: ['chat.completions'] });
seen.secondKey = second;
const program = new OpenAI({ baseURL, apiKey: second.value, maxRetries: 0 });
const chat = { model: 'tiny-assistant', messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 4 };
seen.answered = (await program.chat.completions.create(chat)).object;
seen.keys = await all(projects.apiKeys.list(project.id, { limit: 1 }));
seen.key = await projects.apiKeys.retrieve(second.id, scope);
seen.changedKey = await projects.apiKeys.update(second.id, { ...scope, scopes: ['models'] });
seen.outOfScope = await failure(() => program.chat.completions.create(chat));
seen.deletedKey = await projects.apiKeys.delete(second.id, scope);
seen.revoked = await failure(() => program.models.list());

// Rules.
const [limit] = await all(projects.rateLimits.listRateLimits(project.id));
seen.rate = await projects.rateLimits.updateRateLimit(limit.id, { ...scope, max_requests_per_1_minute: 50 });
seen.models = await projects.modelPermissions.update(project.id, { mode: 'deny_list', model_ids: ['tiny-assistant'] });
const first = new OpenAI({ baseURL, apiKey: account.api_key.value, maxRetries: 0 });
seen.denied = await failure(() => first.chat.completions.create(chat));
seen.modelsShown = await projects.modelPermissions.retrieve(project.id);
seen.modelsDeleted = await projects.modelPermissions.delete(project.id);
seen.allowed = (await first.chat.completions.create(chat)).object;
const money = { threshold_amount: 0, currency: 'USD', interval: 'month' };
seen.spend = await projects.spendLimit.update(project.id, money);
seen.broke = await failure(() => first.chat.completions.create(chat));
seen.spendShown = await projects.spendLimit.retrieve(project.id);
seen.spendDeleted = await projects.spendLimit.delete(project.id);
seen.retention = await projects.dataRetention.update(project.id, { retention_type: 'zero_data_retention' });
seen.retentionShown = await projects.dataRetention.retrieve(project.id);
seen.organizationRetention = await organization.dataRetention.retrieve();
seen.organizationRetentionKept = await organization.dataRetention.update({ retention_type: seen.organizationRetention.type });
const large = { ...money, threshold_amount: 99_000_000 };
seen.organizationSpend = await organization.spendLimit.update(large);
seen.organizationSpendShown = await organization.spendLimit.retrieve();
seen.organizationSpendDeleted = await organization.spendLimit.delete();
const alert = { ...large, notification_channel: { type: 'email', recipients: [email] } };
for (const [name, list, make, show, change, remove] of [
  ['alert', () => organization.spendAlerts.list(), () => organization.spendAlerts.create(alert),
    (id) => organization.spendAlerts.retrieve(id), (id) => organization.spendAlerts.update(id, { ...alert, threshold_amount: 98_000_000 }),
    (id) => organization.spendAlerts.delete(id)],
  ['projectAlert', () => projects.spendAlerts.list(project.id), () => projects.spendAlerts.create(project.id, alert),
    (id) => projects.spendAlerts.retrieve(id, scope), (id) => projects.spendAlerts.update(id, { ...scope, ...alert }),
    (id) => projects.spendAlerts.delete(id, scope)],
]) {
  const made = await make();
  seen[name] = {
    made, shown: await show(made.id), changed: await change(made.id), listed: await all(list()), deleted: await remove(made.id),
  };
}

// Admin keys.
const adminKey = await organization.adminAPIKeys.create({ name: 'second', expires_in_seconds: 3600 });
seen.adminKey = { ...adminKey, value: adminKey.value.slice(0, 9) };
seen.adminKeyShown = await organization.adminAPIKeys.retrieve(adminKey.id);
seen.adminKeys = (await all(organization.adminAPIKeys.list({ limit: 1 }))).map((one) => one.id);
const other = new OpenAI({ baseURL, adminAPIKey: adminKey.value, apiKey, maxRetries: 0 });
seen.otherListed = (await all(other.admin.organization.projects.list())).length;
seen.adminKeyDeleted = await organization.adminAPIKeys.delete(adminKey.id);
seen.otherRevoked = await failure(() => other.admin.organization.projects.list());
seen.plainKey = await failure(() => new OpenAI({ baseURL, adminAPIKey: apiKey, apiKey, maxRetries: 0 }).admin.organization.projects.list());
seen.adminAsPlain = await failure(() => new OpenAI({ baseURL, apiKey: adminAPIKey, maxRetries: 0 }).chat.completions.create(chat));

// The end of the project.
seen.archived = await projects.archive(project.id);
seen.archivedKey = await failure(() => first.chat.completions.create(chat));
seen.accountDeleted = await projects.serviceAccounts.delete(account.id, scope);

// Audit log, usage and costs.
seen.audit = await all(organization.auditLogs.list({ event_types: ['project.created', 'project.archived'], limit: 5 }));
seen.auditSince = (await organization.auditLogs.list({ effective_at: { gte: 4_000_000_000 } })).data.length;
const start_time = Math.floor(Date.now() / 1000) - 86_400;
for (let i = 0; i < 60; i++) { // Usage is booked a moment after the answer.
  seen.completions = await usage.completions({ start_time, bucket_width: '1d', group_by: ['model', 'project_id'] });
  if (seen.completions.data.some((bucket) => bucket.results.some((result) => result.project_id === project.id))) {
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
}
seen.byMinute = await usage.completions({ start_time: start_time + 82_800, bucket_width: '1m', limit: 90 });
seen.embeddings = await usage.embeddings({ start_time, group_by: ['user_id', 'api_key_id'] });
seen.moderations = await usage.moderations({ start_time, models: ['tiny-moderation'] });
seen.images = await usage.images({ start_time, group_by: ['source'] });
seen.transcriptions = await usage.audioTranscriptions({ start_time, bucket_width: '1h', limit: 3 });
seen.costs = await usage.costs({ start_time, group_by: ['line_item'] });
seen.costsOfProject = await usage.costs({ start_time, project_ids: [project.id] });
seen.limitTooHigh = await failure(() => usage.costs({ start_time, limit: 181 }));
seen.notBuilt = await failure(() => usage.vectorStores({ start_time }));
console.log(JSON.stringify(seen));
