namespace Tollgate.Contracts.Administration;

/// <summary>Headers of a request to <c>/v1/organization</c> on its way from a gateway to Accounts.</summary>
public static class AdminHeaders
{
    /// <summary>The admin key, whole. Accounts proves it.</summary>
    public const string Key = "x-tollgate-admin-key";

    /// <summary>The client's address as the gateway sees it; missing where the connection has none.</summary>
    public const string ClientAddress = "x-tollgate-client-address";

    /// <summary>The organization of a proved key, 32 hex digits, in Accounts' answer.</summary>
    public const string Organization = "x-tollgate-admin-organization";
}
