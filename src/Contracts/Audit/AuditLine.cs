using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Audit;

/// <summary>
/// An entry of the audit log as an export contains it, one JSON object a line. It holds everything that its hash covers, so that an export
/// can be verified without the installation.
/// </summary>
public sealed record AuditLine
{
    /// <summary>The organization in whose chain it is; null for the chain of the installation.</summary>
    public Guid? Organization { get; init; }

    /// <summary>Position in the chain, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>Position among all entries of the installation, with gaps.</summary>
    public required long Id { get; init; }

    /// <summary>Accurate to a microsecond.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The user who acted; null for the command line and the service itself.</summary>
    public Guid? Actor { get; init; }

    /// <summary>The operator who acted through a page for operators.</summary>
    public Guid? Operator { get; init; }

    /// <summary>What the actor acted through: <c>session</c>, <c>command line</c>, <c>service</c>, or a key.</summary>
    public required string Via { get; init; }

    public string? Address { get; init; }

    public string? Browser { get; init; }

    /// <summary>Trace of the request, 32 hex digits.</summary>
    public string? Trace { get; init; }

    public required string Action { get; init; }

    public required string Subject { get; init; }

    /// <summary>JSON text as the database writes it: the hash covers each character.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public string? Before { get; init; }

    /// <inheritdoc cref="Before"/>
    [JsonConverter(typeof(RawJsonConverter))]
    public string? After { get; init; }

    /// <summary>Hash of the entry before it, hex; empty for the first entry of a chain.</summary>
    public required string Previous { get; init; }

    /// <summary>SHA-256 over all other members, hex.</summary>
    public required string Hash { get; init; }

    /// <summary>
    /// Computes what <see cref="Hash"/> must be: SHA-256 over the members, each with its length in bytes before it, so that ("ab", "c") and
    /// ("a", "bc") differ. The function <c>accounts.audit_hash</c> of the database is the same.
    /// </summary>
    public string ComputeHash()
    {
        var microseconds = (At.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        string?[] fields =
        [
            Previous, Organization?.ToString(), Text(Number), Text(Id), Text(microseconds), Actor?.ToString(), Operator?.ToString(), Via,
            Address, Browser, Trace, Action, Subject, Before, After,
        ];
        var whole = string.Join(',', fields.Select(field => field is null ? "-" : $"{Encoding.UTF8.GetByteCount(field)}:{field}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The signed head of a chain: the last line of an export.</summary>
/// <param name="Organization">Null for the chain of the installation.</param>
/// <param name="Number">Number of the newest entry.</param>
/// <param name="Hash">Its hash, hex.</param>
/// <param name="Pepper">Id of the secret of the installation under which it is signed.</param>
/// <param name="Signature">HMAC-SHA-256, hex. Only the installation can check it.</param>
public sealed record AuditHeadLine(
    Guid? Organization, [property: JsonPropertyName("headNumber")] long Number, [property: JsonPropertyName("headHash")] string Hash,
    DateTimeOffset SignedAt, string Pepper, string Signature);

/// <summary>Keeps a JSON value as the text that it is.</summary>
internal sealed class RawJsonConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.GetRawText();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteRawValue(value);
}
