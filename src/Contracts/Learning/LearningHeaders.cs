namespace Tollgate.Contracts.Learning;

/// <summary>Headers between a gateway and the service that answers a public endpoint for it.</summary>
public static class LearningHeaders
{
    /// <summary>Gateway → service: organization of the key, 32 hex digits.</summary>
    public const string Organization = "x-tollgate-organization";

    /// <summary>Gateway → service: project of the key, 32 hex digits.</summary>
    public const string Project = "x-tollgate-project";

    /// <summary>Gateway → service: the key's id, 32 hex digits.</summary>
    public const string Key = "x-tollgate-key";

    /// <summary>Service → gateway: code or type of the error that the body holds, for the gateway's log line. Never text of a client.</summary>
    public const string Error = "x-tollgate-error";
}
