using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Relays;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>/v1/files</c> and <c>/v1/uploads</c>, which the service Learning answers.</summary>
internal sealed class FilesEndpoint() : RelayedEndpoint(PublicEndpoint.Files, "learning"), IEndpoint
{
    private const string Tag = "Files";
    private const string Uploads = "Uploads";
    private const string Id = "file-0195aaaa00007000800000000000000f";
    private const string UploadId = "upload_0195aaaa00007000800000000000000a";

    private static readonly OpenAiError[] OfFile = [OpenAiError.FileNotFound(Id)];
    private static readonly OpenAiError[] OfUpload =
        [OpenAiError.UploadNotFound(UploadId), OpenAiError.UploadNotPending(UploadId, "cancelled")];

    private static readonly OpenAiError[] OfBody =
    [
        OpenAiError.MissingParameter("purpose"), OpenAiError.InvalidValue("purpose", FilePurposes.Choice, "'x'"),
        OpenAiError.UnsupportedPurpose("assistants", FilePurposes.Choice), OpenAiError.UnknownParameter("model"),
        OpenAiError.TooManyFiles("file", 10_000), OpenAiError.FileStorageFull("file", 1_000, 900, 200), OpenAiError.BodyIncomplete(),
        OpenAiError.BodyTooSlow(), OpenAiError.UnsupportedMediaType("text/plain"),
        OpenAiError.FileTooLarge("file", 512 * 1024 * 1024, "Files:MaxFileBytes"), OpenAiError.BodyTooLarge(513 * 1024 * 1024),
    ];

    private static readonly OpenAiError[] OfForm =
        [OpenAiError.MalformedForm("it has no part"), OpenAiError.DuplicateParameter("file"), OpenAiError.TooManyTransfers("file", 10)];

    public void Map(IEndpointRouteBuilder routes)
    {
        MapFiles(routes);
        MapUploads(routes);
    }

    private void MapFiles(IEndpointRouteBuilder routes)
    {
        Counted(
            Map(routes, "POST", "/v1/files")
                .Describe(
                    "createFile", Tag, "Send a file",
                    "Keeps a file for its project, sealed. The file may stand before its purpose. Its name is a text; the media type is "
                    + "the one that it is sent back with. A file with status error stays and names its faults in status_details. "
                    + "The same request sent again makes another file.")
                .TakesFormOnce<FileRequestForm>()
                .Answers<FileObjectBody>(FileExamples.File, AnswerHeaderTable.Limits),
            [.. OfBody, .. OfForm]);
        Free(
            Map(routes, "GET", "/v1/files")
                .Describe("listFiles", Tag, "List files", "Lists the project's files by the time of their creation, the newest first.")
                .AsksFor(FileExamples.ListParameters)
                .Answers<FileListBody>(FileExamples.List),
            [OpenAiError.InvalidValue("limit", "an integer between 1 and 10000", "'0'"), OpenAiError.UnknownParameter("before")]);
        Free(
            Map(routes, "GET", "/v1/files/{file}")
                .Describe("retrieveFile", Tag, "Show a file", "Shows one file of the project.")
                .HasId("file", "Id of a file.").Answers<FileObjectBody>(FileExamples.File),
            OfFile);
        Counted(
            Map(routes, "DELETE", "/v1/files/{file}")
                .Describe(
                    "deleteFile", Tag, "Delete a file",
                    "Destroys the key of the file's content, and then the content. What stays is the receipt.")
                .HasId("file", "Id of a file.").Answers<FileDeletedBody>(FileExamples.Deleted, AnswerHeaderTable.Limits),
            OfFile);
        Free(
            Map(routes, "GET", "/v1/files/{file}/content")
                .Describe(
                    "downloadFile", Tag, "Read a file",
                    "Sends the content as it was received. A Range header with one range of bytes gets that range, with status 206.")
                .HasId("file", "Id of a file.").AnswersFile("{\"custom_id\": \"1\"}\n"),
            [.. OfFile, OpenAiError.FileDamaged(), OpenAiError.RangeNotSatisfiable(1_000)]);
        Free(
            Map(routes, "GET", "/v1/files/{file}/receipt")
                .Describe(
                    "retrieveFileReceipt", Tag, "Show the receipt of a deleted file",
                    "States who deleted the file and when, its length and the SHA-256 of its content, signed by the installation.")
                .HasId("file", "Id of a deleted file.").Answers<FileReceiptBody>(FileExamples.Receipt),
            OfFile);
        Free(
            Map(routes, "GET", "/v1/files/{file}/validation")
                .Describe(
                    "validateFile", Tag, "Show all faults of a file",
                    "Checks a file of purpose fine-tune or batch again, and lists its faults (the first 10,000), its warnings and its "
                    + "statistics.")
                .HasId("file", "Id of a file.").Answers<FileValidationBody>(FileExamples.Validation),
            [.. OfFile, OpenAiError.FileDamaged()]);
    }

    private void MapUploads(IEndpointRouteBuilder routes)
    {
        const string Id = "Id of an upload.";
        Counted(
            Map(routes, "POST", "/v1/uploads")
                .Describe(
                    "createUpload", Uploads, "Begin an upload", "Begins a file that comes in parts. It must be completed within an hour.")
                .TakesOnce<UploadRequestBody>(UploadExamples.Request)
                .Answers<UploadObjectBody>(UploadExamples.Pending, AnswerHeaderTable.Limits),
            OfBody);
        Free(
            Map(routes, "GET", "/v1/uploads/{upload}")
                .Describe("retrieveUpload", Uploads, "Show an upload", "Shows the state of an upload and the parts that have come.")
                .HasId("upload", Id).Answers<UploadObjectBody>(UploadExamples.Pending),
            [OpenAiError.UploadNotFound(UploadId)]);
        Counted(
            Map(routes, "POST", "/v1/uploads/{upload}/parts")
                .Describe(
                    "addUploadPart", Uploads, "Send a part", "Parts may come in any order and at once. Each counts when it is stored.")
                .HasId("upload", Id).TakesFormOnce<UploadPartForm>()
                .Answers<UploadPartBody>(UploadExamples.Part, AnswerHeaderTable.Limits),
            [.. OfUpload, .. OfBody, .. OfForm]);
        Counted(
            Map(routes, "POST", "/v1/uploads/{upload}/complete")
                .Describe(
                    "completeUpload", Uploads, "Make a file of the parts",
                    "The parts in the order of part_ids become the file. Their bytes must be as many as the upload stated. A completed "
                    + "upload answers again.")
                .HasId("upload", Id).TakesOnce<UploadCompletionBody>(UploadExamples.Completion)
                .Answers<UploadObjectBody>(UploadExamples.Completed, AnswerHeaderTable.Limits),
            [.. OfUpload, .. OfBody, OpenAiError.FileDamaged()]);
        Counted(
            Map(routes, "POST", "/v1/uploads/{upload}/cancel")
                .Describe("cancelUpload", Uploads, "Cancel an upload", "Removes the parts. A cancelled upload answers again.")
                .HasId("upload", Id).Answers<UploadObjectBody>(UploadExamples.Pending, AnswerHeaderTable.Limits),
            OfUpload);
    }
}
