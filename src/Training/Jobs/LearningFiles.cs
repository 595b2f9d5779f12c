using System.Formats.Tar;
using System.Net;
using Tollgate.Contracts.Learning;

namespace Tollgate.Training.Jobs;

/// <summary>The files of jobs at Learning, and their results.</summary>
internal sealed class LearningFiles(IHttpClientFactory clients)
{
    /// <summary>Name of the client that shows this trainer's bearer to Learning.</summary>
    public const string Client = "learning";

    /// <summary>Fetches the files that the folder lacks.</summary>
    /// <exception cref="JobEndedException">Learning has no such job any more.</exception>
    /// <exception cref="HttpRequestException">Learning cannot be reached, or fails.</exception>
    public async Task FetchAsync(JobFolder folder, bool hasValidationFile, CancellationToken cancellationToken)
    {
        await FetchAsync(TrainedModels.TrainingFileOf(folder.Job), folder.TrainingFile, cancellationToken);
        if (hasValidationFile)
        {
            await FetchAsync(TrainedModels.ValidationFileOf(folder.Job), folder.ValidationFile, cancellationToken);
        }
    }

    /// <summary>Leaves the result at Learning. Repeating it changes nothing.</summary>
    /// <exception cref="JobEndedException">Learning has no such job any more.</exception>
    /// <exception cref="HttpRequestException">Learning cannot be reached, or fails.</exception>
    public async Task UploadAsync(JobFolder folder, CancellationToken cancellationToken)
    {
        File.Delete(folder.Archive);
        await WriteAsync(folder, cancellationToken);
        await using var file = File.OpenRead(folder.Archive);
        using var http = clients.CreateClient(Client);
        using var content = new StreamContent(file);
        content.Headers.ContentType = new("application/x-tar");
        using var response = await http.PutAsync(TrainedModels.ResultOf(folder.Job), content, cancellationToken);
        Check(response);
    }

    /// <summary>Whether Learning states that the job has ended. False when it cannot be asked.</summary>
    public async Task<bool> HasEndedAsync(Guid job, CancellationToken cancellationToken)
    {
        try
        {
            using var http = clients.CreateClient(Client);
            using var response = await http.GetAsync(
                TrainedModels.TrainingFileOf(job), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return IsEnd(response.StatusCode);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Writes the archive, small files first: Learning reads them out of it without the model behind them.</summary>
    private static async Task WriteAsync(JobFolder folder, CancellationToken cancellationToken)
    {
        await using var archive = File.Create(folder.Archive);
        await using var writer = new TarWriter(archive);
        foreach (var file in new DirectoryInfo(folder.Output).EnumerateFiles().OrderBy(file => file.Length))
        {
            await writer.WriteEntryAsync(file.FullName, file.Name, cancellationToken);
        }
    }

    private async Task FetchAsync(string route, string path, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            return;
        }

        using var http = clients.CreateClient(Client);
        using var response = await http.GetAsync(route, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Check(response);
        var draft = $"{path}.new";
        await using (var file = File.Create(draft))
        {
            try
            {
                await response.Content.CopyToAsync(file, cancellationToken);
            }
            catch (IOException exception)
            {
                throw new HttpRequestException($"Learning's answer broke off: {exception.Message}", exception);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }

    private static void Check(HttpResponseMessage response)
    {
        if (IsEnd(response.StatusCode))
        {
            throw new JobEndedException();
        }

        response.EnsureSuccessStatusCode();
    }

    private static bool IsEnd(HttpStatusCode status) => status == HttpStatusCode.Gone;
}

/// <summary>Learning states that a job has ended: nobody wants its result.</summary>
internal sealed class JobEndedException() : Exception("Learning states that the job has ended.");
