using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Relays;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>/v1/batches</c>, which the service Learning answers and runs.</summary>
internal sealed class BatchesEndpoint() : RelayedEndpoint(PublicEndpoint.Batches, "learning"), IEndpoint
{
    private const string Tag = "Batches";
    private const string Id = "batch_0195aaaa00007000800000000000000e";
    private const string InputFile = "file-0195aaaa00007000800000000000000f";

    private static readonly OpenAiError[] OfBatch = [OpenAiError.BatchNotFound(Id)];

    private static readonly OpenAiError[] OfBody =
    [
        OpenAiError.MissingParameter("input_file_id"), OpenAiError.InvalidValue("completion_window", "'24h'", "'1h'"),
        OpenAiError.InvalidType("metadata", "an object", "a string"), OpenAiError.UnknownParameter("model"),
        OpenAiError.UnusableInputFile(InputFile, "Its purpose is 'evals'; send it with the purpose 'batch'."),
        OpenAiError.InputFileNotFound(InputFile), OpenAiError.EndpointNotAllowed("/v1/embeddings", "embeddings"),
        OpenAiError.TooManyBatches(20), OpenAiError.TooManyQueuedLines(200_000, 190_000, 20_000),
        OpenAiError.TooManyFiles("input_file_id", 10_000), OpenAiError.FileStorageFull("input_file_id", 1_000, 900, 200),
        OpenAiError.BodyIncomplete(), OpenAiError.BodyTooSlow(), OpenAiError.UnsupportedMediaType("text/plain"),
        OpenAiError.BodyTooLarge(256 * 1024),
    ];

    public void Map(IEndpointRouteBuilder routes)
    {
        Counted(
            Map(routes, "POST", "/v1/batches")
                .Describe(
                    "createBatch", Tag, "Run a file of requests",
                    "Runs the lines of a file of purpose batch within 24 hours, behind live traffic and at the price of class batch, with "
                    + "the key that created the batch. Every line runs once. The output file has the answers in the order in which they "
                    + "came: find a line by its custom_id. Lines that failed are in the error file. The same request sent again makes "
                    + "another batch.")
                .TakesOnce<BatchRequestBody>(BatchExamples.Request)
                .Answers<BatchObjectBody>(BatchExamples.Batch, AnswerHeaderTable.Limits),
            OfBody);
        Free(
            Map(routes, "GET", "/v1/batches")
                .Describe("listBatches", Tag, "List batches", "Lists the project's batches, the newest first.")
                .AsksFor(BatchExamples.ListParameters)
                .Answers<BatchListBody>(BatchExamples.List),
            [OpenAiError.InvalidValue("limit", "an integer between 1 and 100", "'0'"), OpenAiError.UnknownParameter("before")]);
        Free(
            Map(routes, "GET", "/v1/batches/{batch}")
                .Describe("retrieveBatch", Tag, "Show a batch", "Shows the state of a batch, its counts and, when it has ended, its files.")
                .HasId("batch", "Id of a batch.").Answers<BatchObjectBody>(BatchExamples.Batch),
            OfBatch);
        Counted(
            Map(routes, "POST", "/v1/batches/{batch}/cancel")
                .Describe(
                    "cancelBatch", Tag, "Cancel a batch",
                    "Lines that run end, and stay in the output file; the others are in the error file with the code batch_cancelled and "
                    + "cost nothing. A cancelled batch answers again.")
                .HasId("batch", "Id of a batch.").Answers<BatchObjectBody>(BatchExamples.Batch, AnswerHeaderTable.Limits),
            [.. OfBatch, OpenAiError.BatchNotCancellable(Id, "completed")]);
    }
}
