namespace Tollgate.Contracts.OpenAi;

/// <summary>Pages of the portal that error messages name: by the text of their link in the portal's menu.</summary>
public static class PortalPages
{
    public const string ApiKeys = "API keys";

    public const string Billing = "Billing";

    /// <summary>Each with its path.</summary>
    public static IReadOnlyDictionary<string, string> Paths { get; } = new Dictionary<string, string>
    {
        [ApiKeys] = "/keys",
        [Billing] = "/billing",
    };
}
