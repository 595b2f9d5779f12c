namespace Tollgate.Contracts.OpenAi;

/// <summary>Pages of the portal that error messages mention, named as in the portal's menu.</summary>
public static class PortalPages
{
    /// <summary>Of the operator alone.</summary>
    public const string Aliases = "Aliases";

    public const string ApiKeys = "API keys";

    public const string Billing = "Billing";

    public const string Privacy = "Privacy";

    public const string Projects = "Projects";

    /// <summary>The pages with their paths.</summary>
    public static IReadOnlyDictionary<string, string> Paths { get; } = new Dictionary<string, string>
    {
        [Aliases] = "/admin/aliases",
        [ApiKeys] = "/keys",
        [Billing] = "/billing",
        [Privacy] = "/project",
        [Projects] = "/projects",
    };
}
