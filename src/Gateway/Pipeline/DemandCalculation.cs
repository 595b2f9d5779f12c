using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Admission;

namespace Tollgate.Gateway.Pipeline;

/// <summary>
/// How much a request can use at most, and how much it is likely to use, without a tokenizer. Bytes bound tokens, together with what the
/// model's <see cref="PromptMeasure"/> adds; a worker refuses a prompt longer than its context, so the context bounds them too. Audio and
/// pictures that are read are bounded by the request itself, those that are drawn by the model's <see cref="DrawingMeasure"/> too, tensors
/// by its <see cref="TensorSignature"/>. Trained tokens are bounded by the order, and count in no token bucket.
/// </summary>
internal static class DemandCalculation
{
    /// <summary>Most tokens for each choice: what the client asked for or else the model's default, never more than the context. 0 where
    /// the model generates nothing.</summary>
    public static long OutputCap(InferenceRequest request, ModelCard card) =>
        request.Generates ? Math.Min(request.MaxOutput ?? card.DefaultMaxOutput, card.ContextLength) : 0;

    /// <param name="scope">Of the endpoint, see <see cref="PublicEndpoint.Scope"/>.</param>
    public static Demand Calculate(
        string scope, InferenceRequest request, ModelCard card, ModelPrice price, ServiceClass serviceClass = ServiceClass.Standard)
    {
        var size = request.Size;
        var context = (long)size.Prompts * card.ContextLength;
        var prompt = request is ClassificationRequest { Truncation: TextTruncation.Windows } && card.Measure is { } measure
            ? measure.MostTokensInWindows(request, card.ContextLength) // No context bounds a text that is read in parts.
            : Math.Min(card.Measure?.MostTokens(request) ?? context, context);
        var output = size.Prompts * request.Choices * OutputCap(request, card);
        var estimate = ((((size.Utf8Bytes + 3) / 4) + size.TokenIds + (3L * size.Messages)) * request.MostReadings) + output;
        var media = request is ImageGenerationRequest drawing && card.Drawing is { } limits ? limits.MostUnits(drawing)
            : request is InferRequest infer && card.Tensors is { } signature ? signature.MostUnits(infer) : request.Media;
        var bound = media with { Input = prompt * request.MostReadings, Output = media.Output + output };
        return new Demand(scope, card.Name, price, bound, estimate, request.Stream)
        {
            AskedModel = request.Model,
            ServiceClass = serviceClass,
            ModelVersion = card.Task == ModelTask.Training.Name ? null : card.Version, // Trainers differ in what they train from.
        };
    }
}
