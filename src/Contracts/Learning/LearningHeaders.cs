namespace Tollgate.Contracts.Learning;

/// <summary>Headers by which a gateway names its caller to the service that answers a public endpoint.</summary>
public static class LearningHeaders
{
    /// <summary>Organization of the key, 32 hex digits.</summary>
    public const string Organization = "x-tollgate-organization";

    /// <summary>Project of the key, 32 hex digits.</summary>
    public const string Project = "x-tollgate-project";

    /// <summary>The key's id, 32 hex digits.</summary>
    public const string Key = "x-tollgate-key";

    /// <summary>The key's public id, by which a service can call the API on its behalf later.</summary>
    public const string KeyPublicId = "x-tollgate-key-public-id";

    /// <summary>The key's scopes with commas between them; <see cref="AllScopes"/> for a key without a list.</summary>
    public const string KeyScopes = "x-tollgate-key-scopes";

    public const string AllScopes = "*";
}
