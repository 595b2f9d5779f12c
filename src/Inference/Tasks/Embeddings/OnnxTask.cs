namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Recognises what an ONNX file of the usual exporters is for, by the names of its inputs and outputs.</summary>
internal static class OnnxTask
{
    /// <summary>The task in words; null for sentence embeddings, and where the names say nothing.</summary>
    public static string? Recognize(IEnumerable<string> inputs, IEnumerable<string> outputs)
    {
        var (given, made) = (inputs.ToHashSet(StringComparer.Ordinal), outputs.ToHashSet(StringComparer.Ordinal));
        if (made.Contains("sentence_embedding"))
        {
            return null;
        }

        return (given, made) switch
        {
            _ when given.Contains("pixel_values") && given.Contains("input_ids") => "pictures and text together",
            _ when given.Contains("pixel_values") => made.Contains("logits") ? "image classification (import its folder)" : "pictures",
            _ when given.Contains("input_features") || given.Contains("input_values") => "speech",
            _ when given.Contains("encoder_hidden_states") => "generation by an encoder and a decoder, such as translation or speech",
            _ when given.Contains("sample") || given.Contains("timestep") => "image generation",
            _ when given.Any(i => i.StartsWith("past_key_values", StringComparison.Ordinal)) => "text generation (import it as GGUF)",
            _ when made.Contains("start_logits") => "question answering",
            _ when made.Contains("logits") => "classification or ranking of text",
            _ => null,
        };
    }
}
