using System.Net.Http.Headers;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Calls;

/// <summary>A body for a worker.</summary>
/// <param name="Bytes">The client's bytes with the model's real name and the resolved output cap.</param>
/// <param name="Boundary">Of a form; null for any other body.</param>
/// <param name="HasTensors">Whether bytes of tensors may follow the JSON.</param>
internal sealed record WorkerBody(byte[] Bytes, string? Boundary, bool HasTensors = false)
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue Binary = new(TensorBodies.MediaType);

    public MediaTypeHeaderValue ContentType { get; } = Boundary is null
        ? HasTensors ? Binary : Json
        : new MediaTypeHeaderValue(RequestForm.MediaType) { Parameters = { new NameValueHeaderValue("boundary", $"\"{Boundary}\"") } };
}
