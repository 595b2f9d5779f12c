using System.CommandLine;
using Tollgate.FederatedKit.Identity;

namespace Tollgate.FederatedKit.Wire;

/// <summary>Options of the verbs that ask the API.</summary>
internal static class ApiOptions
{
    private const string KeyVariable = "TOLLGATE_API_KEY";

    public static readonly Option<Uri> Address = new("--api")
    {
        Description = "The API, such as https://api.example.com.",
        Required = true,
        CustomParser = result =>
            Uri.TryCreate(result.Tokens[0].Value.TrimEnd('/') + "/", UriKind.Absolute, out var address) ? address : null,
    };

    public static readonly Option<FileInfo?> KeyFile = new("--key-file") { Description = $"File with the API key ({KeyVariable})." };

    public static readonly Option<string> Job = new("--job") { Description = "Id of the training, fed-….", Required = true };

    /// <summary>A client of the API with the key.</summary>
    /// <exception cref="KitException">The key or the address is missing.</exception>
    public static HttpClient Connect(ParseResult parsed, HttpMessageHandler handler)
    {
        var key = parsed.GetValue(KeyFile) is { } file
            ? File.ReadAllText(file.FullName).Trim() : Environment.GetEnvironmentVariable(KeyVariable);
        return FederatedApi.Client(
            parsed.GetValue(Address) ?? throw new KitException("--api is no address."),
            key is { Length: > 0 } ? key : throw new KitException($"Name a file with the API key by --key-file, or set {KeyVariable}."),
            handler);
    }
}
