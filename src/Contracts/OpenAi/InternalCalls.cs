namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Learning or Accounts → gateway, <c>POST /internal/calls/v1/…</c>: a call of the public API on behalf of a key, with the body and the
/// answer of the public path. The service proves itself with its bearer; in place of a secret it names the key. The header
/// <c>Idempotency-Key</c> is required, and <c>x-tollgate-service-class</c> may name the service class.
/// </summary>
public static class InternalCalls
{
    /// <summary>What stands before the path of a public endpoint.</summary>
    public const string Prefix = "/internal/calls";

    /// <summary>Header with the key's public id, see <see cref="Keys.ApiKeyText.PublicIdLength"/>.</summary>
    public const string KeyHeader = "x-tollgate-key";

    /// <summary>
    /// Header of a call that runs a response in the background: the id that the client has of it, <c>resp_…</c>. When the service leaves
    /// the call, the gateway asks <see cref="RunOf"/> from time to time, and cancels the call once the response is not to run any more.
    /// </summary>
    public const string ResponseHeader = "x-tollgate-response";

    /// <summary>Gateway → Learning: 204 while a response is to run or runs, 404 once it has ended.</summary>
    /// <param name="response"><c>resp_…</c>.</param>
    public static string RunOf(string response) => $"internal/responses/{response}/run";
}
