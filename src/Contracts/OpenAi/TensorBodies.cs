namespace Tollgate.Contracts.OpenAi;

/// <summary>How bodies of JSON with bytes of tensors behind it are marked.</summary>
public static class TensorBodies
{
    public const string MediaType = "application/octet-stream";

    /// <summary>Header with the length of the JSON, bytes.</summary>
    public const string HeaderLength = "Inference-Header-Content-Length";
}
