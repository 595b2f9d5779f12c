namespace Tollgate.Contracts.Audit;

/// <summary>What tells the lines of an export apart: that of a head has the two members, that of an entry lacks them.</summary>
public sealed record AuditExportLine(Guid? Organization, long? HeadNumber, string? HeadHash);

/// <summary>Headers of a piece of an export.</summary>
public static class AuditHeaders
{
    /// <summary>Entries of the piece; 0 ends the export.</summary>
    public const string Count = "Tollgate-Audit-Count";

    /// <summary>Id of the last entry of the piece, after which the next one begins.</summary>
    public const string Last = "Tollgate-Audit-Last";
}
