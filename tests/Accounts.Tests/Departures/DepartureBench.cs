using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Departures;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Departures;

/// <summary>What tests of departures do with an Accounts: add members, move time, read mails and rows.</summary>
internal static class DepartureBench
{
    extension(AccountsHost host)
    {
        /// <summary>The organization that was founded for an address.</summary>
        public Task<Organization> OrganizationOfAsync(string email) => host.InScopeAsync<AccountsDb, Organization>(
            db => (from user in db.Users
                   where user.Email == email
                   join organization in db.Organizations on user.Id equals organization.CreatedBy
                   select organization).AsNoTracking().SingleAsync());

        public Task<Guid> UserIdAsync(string email) => host.InScopeAsync<AccountsDb, Guid>(
            db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync());

        /// <summary>Makes a person a member of another one's organization.</summary>
        public async Task AddMemberAsync(Organization organization, string email, MemberRole role)
        {
            var userId = await host.UserIdAsync(email);
            await host.InScopeAsync<AccountsDb, int>(db =>
            {
                db.Memberships.Add(new Membership
                {
                    OrganizationId = organization.Id,
                    UserId = userId,
                    Role = role,
                    JoinedAt = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), // Before the own one: this one is shown first.
                });
                return db.SaveChangesAsync();
            });
        }

        /// <summary>Ends the grace period of every departure.</summary>
        public Task MakeDueAsync() => host.SqlAsync(
            "update accounts.departures set due_at = now() - interval '1 second', next_attempt_at = now() - interval '1 second'");

        /// <summary>Runs what is due, twice: an account waits for the organizations that go with it.</summary>
        public async Task RunDeparturesAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                await host.Services.GetRequiredService<DepartureWork>().RunOnceAsync(CancellationToken.None);
                await host.SqlAsync("update accounts.departures set next_attempt_at = now() - interval '1 second' where step > 0");
            }
        }

        public Task<int> SqlAsync(string sql) =>
            host.InScopeAsync<AccountsDb, int>(db => db.Database.ExecuteSqlRawAsync(sql));

        public Task<Departure> DepartureAsync(DepartureKind kind) => host.InScopeAsync<AccountsDb, Departure>(
            db => db.Departures.AsNoTracking().SingleAsync(departure => departure.Kind == kind));

        public Task<List<string>> ActionsAsync(string subject) => host.InScopeAsync<AccountsDb, List<string>>(
            db => db.AuditEntries.Where(entry => entry.Subject == subject).OrderBy(entry => entry.Id).Select(entry => entry.Action)
                .ToListAsync());

        /// <summary>The policy that gateways read.</summary>
        public async Task<OrganizationPolicy> PolicyAsync(Guid organizationId)
        {
            string? json = await (await host.OpenRedisAsync()).StringGetAsync(RedisNames.Policy(organizationId));
            return JsonSerializer.Deserialize(json!, ContractsJson.Default.OrganizationPolicy)!;
        }

        /// <summary>The text of a mail; waits for it.</summary>
        public Task<string> MailAsync(string email, string subject) => Until.ValueAsync(
            async () => (await host.MailsAsync(email, subject)).FirstOrDefault(), $"a mail to {email}: {subject}");

        /// <summary>Texts of all mails to an address with a subject.</summary>
        public async Task<List<string>> MailsAsync(string email, string subject)
        {
            var texts = new List<string>();
            foreach (var file in Directory.EnumerateFiles(host.MailFolder, "*.eml").Order(StringComparer.Ordinal))
            {
                using var message = await MimeMessage.LoadAsync(file);
                if (message.To.ToString() == email && message.Subject == subject)
                {
                    texts.Add(message.TextBody!.ReplaceLineEndings("\n"));
                }
            }

            return texts;
        }
    }
}
