namespace Tollgate.Contracts.Metering;

/// <summary>A kind of work that models do, as every service needs it. A worker implements it in a folder of its <c>Tasks</c>.</summary>
/// <param name="Name">Name in manifests and cards.</param>
/// <param name="Label">Name in the portal.</param>
/// <param name="Uses">Units that a request may use. A price order names a price for each of them and for no other one.</param>
public sealed record ModelTask(string Name, string Label, UnitSet Uses)
{
    private static readonly List<ModelTask> Known = []; // Before the tasks: initializers run in this order.

    public static readonly ModelTask Chat = Add(
        "chat", "chat and completions", UnitSet.Input | UnitSet.Cached | UnitSet.Output);

    public static readonly ModelTask Embeddings = Add("embeddings", "embeddings", UnitSet.Input);

    public static readonly ModelTask Rerank = Add("rerank", "rerank", UnitSet.Input);

    public static readonly ModelTask Classification = Add("classification", "text classification", UnitSet.Input);

    public static readonly ModelTask ImageClassification = Add(
        "image-classification", "image classification", UnitSet.Images | UnitSet.Pixels);

    public static readonly ModelTask ImageDetection = Add("image-detection", "object detection", UnitSet.Images | UnitSet.Pixels);

    public static readonly ModelTask Ocr = Add("ocr", "text recognition", UnitSet.Images | UnitSet.Pixels);

    public static readonly ModelTask Transcription = Add("transcription", "speech recognition", UnitSet.Audio);

    public static readonly ModelTask ImageGeneration = Add(
        "image-generation", "image generation", UnitSet.Input | UnitSet.Images | UnitSet.Pixels | UnitSet.Steps);

    /// <summary>Models of any kind, called with tensors.</summary>
    public static readonly ModelTask Tensors = Add("tensors", "tensors", UnitSet.Calls | UnitSet.Elements);

    /// <summary>Training from a model. Its output are trained tokens: each token of the rows that are trained on, once for each pass.
    /// </summary>
    public static readonly ModelTask Training = Add("training", "fine-tuning", UnitSet.Output);

    /// <summary>Whether its models generate tokens.</summary>
    public bool Generates => (Uses & UnitSet.Output) != UnitSet.None;

    /// <summary>The task of a name; null for a name that is unknown here.</summary>
    public static ModelTask? Find(string? name) => Known.Find(task => task.Name == name);

    private static ModelTask Add(string name, string label, UnitSet uses)
    {
        var task = new ModelTask(name, label, uses);
        Known.Add(task);
        return task;
    }
}
