using Tollgate.Accounts.Audit;
using Tollgate.Contracts.Audit;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Converts entries to their form outside the database, and chains to their names.</summary>
internal static class AuditLines
{
    /// <param name="entry">A committed entry.</param>
    public static AuditLine ToLine(this AuditEntry entry) => new()
    {
        Organization = entry.OrganizationId,
        Number = entry.Number!.Value,
        Id = entry.Id,
        At = entry.At,
        Actor = entry.ActorId,
        Operator = entry.OperatorId,
        Via = entry.Via,
        Address = entry.Address,
        Browser = entry.Browser,
        Trace = entry.Trace,
        Action = entry.Action,
        Subject = entry.Subject,
        Before = entry.Before,
        After = entry.After,
        Previous = Convert.ToHexStringLower(entry.Previous!),
        Hash = Convert.ToHexStringLower(entry.Hash!),
    };

    /// <summary>Returns the organization of a chain; null for the chain of the installation.</summary>
    public static Guid? OrganizationOf(Guid chainId) => chainId == Guid.Empty ? null : chainId;

    /// <summary>Returns the id of a chain.</summary>
    /// <param name="organizationId">Null for the chain of the installation.</param>
    public static Guid ChainOf(Guid? organizationId) => organizationId ?? Guid.Empty;
}
