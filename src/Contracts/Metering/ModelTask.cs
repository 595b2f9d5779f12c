namespace Tollgate.Contracts.Metering;

/// <summary>A kind of work that models do, as every service needs it. A worker implements it in a folder of its <c>Tasks</c>.</summary>
/// <param name="Name">Name in manifests and cards.</param>
/// <param name="Label">Name in the portal.</param>
/// <param name="Generates">Whether its models have output to charge for, so that a price must name one.</param>
public sealed record ModelTask(string Name, string Label, bool Generates)
{
    public static readonly ModelTask Chat = new("chat", "chat and completions", Generates: true);

    public static readonly ModelTask Embeddings = new("embeddings", "embeddings", Generates: false);

    public static readonly ModelTask Rerank = new("rerank", "rerank", Generates: false);

    public static readonly ModelTask Classification = new("classification", "text classification", Generates: false);

    public static readonly ModelTask ImageClassification = new("image-classification", "image classification", Generates: false);

    public static readonly ModelTask Transcription = new("transcription", "speech recognition", Generates: false);

    public static readonly ModelTask ImageGeneration = new("image-generation", "image generation", Generates: false);

    private static readonly ModelTask[] All =
        [Chat, Embeddings, Rerank, Classification, ImageClassification, Transcription, ImageGeneration];

    /// <summary>The task of a name; null for a name that is unknown here.</summary>
    public static ModelTask? Find(string? name) => Array.Find(All, task => task.Name == name);
}
