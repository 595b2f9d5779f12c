using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Datasets;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Files;

/// <summary><c>/v1/files</c> of OpenAI's wire, for gateways and the portal.</summary>
internal static class FileEndpoints
{
    private const int MostListed = 10_000;

    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<FileLimitOptions>, FileLimitOptionsValidator>();
        services.AddOptions<FileLimitOptions>().BindConfiguration(FileLimitOptions.Section).ValidateOnStart();
        services.AddSingleton<FileQuota>();
        services.AddSingleton<FileTable>();
        services.AddSingleton<FileDeletion>();
        services.AddSingleton<TransferSlots>();
        services.AddSingleton<ContentIntake>();
        services.AddTransient<FileForm>();
        services.AddSingleton<FileCreation>();
        services.AddSingleton<FileDownload>();
        services.AddSingleton<FileValidation>();
        return services;
    }

    public static IEndpointRouteBuilder MapFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapInternal("/v1/files", "gateway", "accounts");
        files.MapPost("", CreateAsync);
        files.MapGet("", ListAsync);
        files.MapGet("/{file}", RetrieveAsync);
        files.MapDelete("/{file}", DeleteAsync);
        files.MapGet("/{file}/content", DownloadAsync);
        files.MapGet("/{file}/receipt", ShowReceiptAsync);
        files.MapGet("/{file}/validation", ValidateAsync);
        return routes;
    }

    internal static Task CreateAsync(HttpContext context, FileCalls calls, FileCreation creation, IOptions<FileLimitOptions> options) =>
        calls.RunAsync(context, FileForm.Limit(options.Value), async caller =>
        {
            if (!(await creation.CreateAsync(context.Request, caller, context.RequestAborted)).TryGet(out var file, out var refusal))
            {
                return refusal;
            }

            await context.Response.WriteAsJsonAsync(FileObject.Of(file), FileJson.Default.FileObject);
            return null;
        });

    internal static Task ListAsync(HttpContext context, FileCalls calls, FileTable files) => calls.RunAsync(context, async caller =>
    {
        var (page, hasMore) = await files.ListAsync(caller, ReadQuery(context.Request.Query), context.RequestAborted);
        FileObject[] data = [.. page.Select(FileObject.Of)];
        await context.Response.WriteAsJsonAsync(
            ListPage.Of(data, hasMore, one => one.Id),
            FileJson.Default.FileList);
        return null;
    });

    internal static Task RetrieveAsync(HttpContext context, string file, FileCalls calls, FileTable files) =>
        calls.RunAsync(context, async caller =>
        {
            if (await files.FindAsync(caller, PublicIds.Parse(file, StoredFile.Prefix), context.RequestAborted) is not { } found)
            {
                return OpenAiError.FileNotFound(file);
            }

            await context.Response.WriteAsJsonAsync(FileObject.Of(found), FileJson.Default.FileObject);
            return null;
        });

    internal static Task DeleteAsync(HttpContext context, string file, FileCalls calls, FileDeletion deletion) =>
        calls.RunAsync(context, async caller =>
        {
            if (!await deletion.DeleteAsync(caller, PublicIds.Parse(file, StoredFile.Prefix), context.RequestAborted))
            {
                return OpenAiError.FileNotFound(file);
            }

            await context.Response.WriteAsJsonAsync(new DeletedObject(file, "file", true), FileJson.Default.DeletedObject);
            return null;
        });

    internal static Task DownloadAsync(HttpContext context, string file, FileCalls calls, FileTable files, FileDownload download) =>
        calls.RunAsync(context, async caller =>
            await files.FindAsync(caller, PublicIds.Parse(file, StoredFile.Prefix), context.RequestAborted) is { } found
                ? await download.SendAsync(context, found)
                : OpenAiError.FileNotFound(file));

    internal static Task ShowReceiptAsync(HttpContext context, string file, FileCalls calls, FileDeletion deletion) =>
        calls.RunAsync(context, async caller =>
        {
            var id = PublicIds.Parse(file, StoredFile.Prefix);
            if (await deletion.FindReceiptAsync(caller, id, context.RequestAborted) is not { } receipt)
            {
                return OpenAiError.FileNotFound(file);
            }

            await context.Response.WriteAsJsonAsync(ReceiptObject.Of(receipt), FileJson.Default.ReceiptObject);
            return null;
        });

    internal static Task ValidateAsync(HttpContext context, string file, FileCalls calls, FileTable files, FileValidation validation) =>
        calls.RunAsync(context, async caller =>
        {
            if (await files.FindAsync(caller, PublicIds.Parse(file, StoredFile.Prefix), context.RequestAborted) is not { } found)
            {
                return OpenAiError.FileNotFound(file);
            }

            try
            {
                var report = await validation.ReportAsync(found, context.RequestAborted);
                await context.Response.WriteAsJsonAsync(report, DatasetJson.Default.DatasetReport);
                return null;
            }
            catch (DamagedContentException)
            {
                return OpenAiError.FileDamaged();
            }
        });

    /// <exception cref="RefusalException">A name is unknown or doubled, or a value is none of it.</exception>
    private static FileQuery ReadQuery(IQueryCollection given)
    {
        var query = new ListQuery(given, "after", "limit", "order", "purpose");
        var purpose = query.Find("purpose");
        return purpose is not null && FilePurposes.Refuse(purpose) is { } refusal && !FilePurposes.Refused.Contains(purpose)
            ? throw new RefusalException(refusal)
            : new FileQuery(
                query.ReadAfter(StoredFile.Prefix, "a file"), query.ReadLimit(MostListed) ?? MostListed,
                query.Read<bool>("order", "'asc' or 'desc'", text => text switch { "asc" => true, "desc" => false, _ => null }) ?? false,
                purpose);
    }
}
