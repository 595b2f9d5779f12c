using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Learning;

/// <summary>Writes down what members did to the project's files, batches and models, after Learning took it.</summary>
internal sealed class ProjectAudit(AccountsDb db, Workspace workspace, TimeProvider clock)
{
    /// <param name="action">Such as <c>file.delete</c>.</param>
    /// <param name="subject">Id or name of the object.</param>
    public async Task AddAsync(string action, string subject)
    {
        db.AuditEntries.Add(new AuditEntry
        {
            At = clock.GetUtcNow(),
            OrganizationId = workspace.OrganizationId,
            ActorId = workspace.UserId,
            Action = action,
            Subject = subject,
        });
        await db.SaveChangesAsync(CancellationToken.None); // It is done: the entry is written even if the member leaves.
    }
}
