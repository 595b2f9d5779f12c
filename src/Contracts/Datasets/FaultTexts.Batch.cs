namespace Tollgate.Contracts.Datasets;

/// <summary>Faults of batches.</summary>
internal static partial class FaultTexts
{
    public static FaultText MissingMember(string member) => new(
        member == "custom_id" ? "missing_custom_id" : "missing_member",
        $"The line has no '{member}'. Each line needs custom_id, method, url and body.");

    public static FaultText InvalidCustomId(string why) => new("invalid_custom_id", $"'custom_id' {why}.");

    public static FaultText DuplicateCustomId(string customId, long firstLine) => new(
        "duplicate_custom_id",
        Invariant($"The custom_id '{Shorten(customId)}' stands on line {firstLine} already. Give each line its own, or results mix up."));

    public static FaultText InvalidMethod(string given) => new("invalid_method", $"'method' must be \"POST\", but it is {given}.");

    public static FaultText InvalidUrl(string given, IEnumerable<string> urls) => new(
        "invalid_url", $"'url' must be the path of one of these endpoints: {string.Join(", ", urls)}; it is {given}.");

    public static FaultText MixedUrls(string url, string first, long firstLine) => new(
        "mixed_urls", Invariant($"The url is {url}, but line {firstLine} has {first}. Send one file for each endpoint."));

    public static FaultText InvalidBody(string given) => new(
        "invalid_body", $"'body' must be a JSON object, the request itself, but it is {given}.");

    public static FaultText MissingModel() => new("missing_model", "'body' has no 'model'. Name the model of the request.");

    public static FaultText InvalidModel(string given) => new(
        "invalid_model", $"'body.model' must be the name of a model, but it is {given}.");
}
