namespace Tollgate.Contracts.Learning;

/// <summary>Headers by which a gateway or the portal names its caller to the service that answers a public endpoint.</summary>
public static class LearningHeaders
{
    /// <summary>Organization of the key, 32 hex digits.</summary>
    public const string Organization = "x-tollgate-organization";

    /// <summary>Project of the key, 32 hex digits.</summary>
    public const string Project = "x-tollgate-project";

    /// <summary>The key's id, 32 hex digits; <see cref="NoKey"/> where none is used.</summary>
    public const string Key = "x-tollgate-key";

    /// <summary>A member of the project calls by the portal, for something that no key runs.</summary>
    public const string NoKey = "00000000000000000000000000000000";

    /// <summary>The key's public id, by which a service can call the API on its behalf later.</summary>
    public const string KeyPublicId = "x-tollgate-key-public-id";

    /// <summary>The key's scopes with commas between them; <see cref="AllScopes"/> for a key without a list.</summary>
    public const string KeyScopes = "x-tollgate-key-scopes";

    public const string AllScopes = "*";
}
