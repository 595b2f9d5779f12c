using System.Text.Json.Serialization;

namespace Tollgate.Accounts.Projects;

/// <summary>How many responses Learning has destroyed.</summary>
internal sealed record DeletedResponses(int Deleted);

/// <summary>Reads Learning's answers about responses.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DeletedResponses))]
internal sealed partial class ResponseWire : JsonSerializerContext;
