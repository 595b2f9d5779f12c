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
}
