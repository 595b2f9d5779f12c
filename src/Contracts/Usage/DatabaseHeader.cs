namespace Tollgate.Contracts.Usage;

/// <summary>
/// Header between gateways and Billing with the newest state of the database that Billing knows to be committed. Only Billing parses its
/// text. A gateway keeps the last received value, across restarts too, and sends it with each call. A Billing process that remembers
/// nothing thereby detects that its database was replaced by an older copy.
/// </summary>
public static class DatabaseHeader
{
    public const string Name = "x-tollgate-database";

    /// <summary>Longest value, characters. A longer one is not kept and not read.</summary>
    public const int LongestValue = 300;
}
